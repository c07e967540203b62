// Node's http and https modules as a peer of `./dev bench`; called like the other clients (see bench.h).
'use strict';
const http = require('http');
const https = require('https');
const fs = require('fs');

const [mode, port, conc, warm, n, path, ca] = process.argv.slice(2).map((v, i) => (i >= 1 && i <= 4 ? Number(v) : v));
const tls = mode === 'bigs' || mode.startsWith('tls-');
const keep = !(mode === 'new' || mode.startsWith('tls-'));
const mod = tls ? https : http;
const agentOptions = { keepAlive: keep, maxSockets: conc, maxFreeSockets: conc };
if (mode === 'tls-full') agentOptions.maxCachedSessions = 0;
const agent = new mod.Agent(agentOptions);
const options = { host: '127.0.0.1', port, path: mode.startsWith('big') && warm > 0 ? '/128' : path, agent, headers: { 'user-agent': 'bench', accept: '*/*' } };
if (tls) options.ca = fs.readFileSync(ca);

const total = warm + n;
const samples = mode === 'one' ? new Float64Array(n) : null;
let started = 0, done = 0, bytes = 0, cpu0, t0;

function begin() {
  bytes = 0;
  options.path = path;
  cpu0 = process.cpuUsage();
  t0 = process.hrtime.bigint();
}

function finish() {
  const wall = Number(process.hrtime.bigint() - t0) / 1e3;
  const cpu = process.cpuUsage(cpu0);
  let p50 = 0, p99 = 0;
  if (samples) {
    samples.sort();
    p50 = samples[Math.floor(n / 2)];
    p99 = samples[Math.floor(n * 0.99)];
  }
  console.log(JSON.stringify({
    mode, requests: n, wall_us: Math.round(wall), user_us: cpu.user, sys_us: cpu.system,
    p50_ns: Math.round(p50), p99_ns: Math.round(p99), bytes,
  }));
  process.exit(0);
}

function one() {
  started++;
  const t = samples ? process.hrtime.bigint() : 0n;
  const req = mod.get(options, (res) => {
    res.on('data', (d) => { bytes += d.length; });
    res.on('end', () => {
      if (samples && done >= warm) samples[done - warm] = Number(process.hrtime.bigint() - t);
      done++;
      if (done === warm) begin();
      if (done === total) return finish();
      // The socket returns to the agent after 'end': asking before would open another one.
      if (started < total) setImmediate(one);
    });
  });
  req.on('error', (e) => { console.error('bench: ' + e.message); process.exit(1); });
}

if (warm === 0) begin();
for (let i = 0; i < conc && i < total; i++) one();
