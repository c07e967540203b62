// Go's net/http as a peer of `./dev bench`; called like the other clients (see bench.h). GOMAXPROCS keeps its default,
// which is the number of processors this process may use: one, when the runner pins it.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func die(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func number(s string) int64 {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		die(err)
	}
	return v
}

func micros(t syscall.Timeval) int64 { return int64(t.Sec)*1000000 + int64(t.Usec) }

type span struct {
	usage syscall.Rusage
	start time.Time
}

func begin() *span {
	s := &span{}
	syscall.Getrusage(syscall.RUSAGE_SELF, &s.usage)
	s.start = time.Now()
	return s
}

func main() {
	if len(os.Args) != 8 {
		fmt.Fprintln(os.Stderr, "usage: go_client MODE PORT CONC WARM N PATH CA")
		os.Exit(2)
	}
	mode, port, path, ca := os.Args[1], os.Args[2], os.Args[6], os.Args[7]
	conc, warm, n := number(os.Args[3]), number(os.Args[4]), number(os.Args[5])
	isTLS := mode == "bigs" || strings.HasPrefix(mode, "tls-")
	scheme := "http"
	tr := &http.Transport{
		MaxIdleConns: int(conc) * 2, MaxIdleConnsPerHost: int(conc) * 2, DisableCompression: true,
		DisableKeepAlives: mode == "new" || strings.HasPrefix(mode, "tls-"), ForceAttemptHTTP2: false,
	}
	if isTLS {
		scheme = "https"
		pem, err := os.ReadFile(ca)
		if err != nil {
			die(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		tr.TLSClientConfig = &tls.Config{RootCAs: pool}
		if mode == "tls-resumed" {
			tr.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(64)
		}
	}
	client := &http.Client{Transport: tr}
	url := scheme + "://127.0.0.1:" + port
	asked := path
	if strings.HasPrefix(mode, "big") {
		asked = "/128" // the warm-up
	}
	buffer := 32 * 1024
	if strings.HasPrefix(mode, "big") {
		buffer = 256 * 1024
	}

	get := func(buf []byte) int64 {
		req, err := http.NewRequest("GET", url+asked, nil)
		if err != nil {
			die(err)
		}
		req.Header.Set("User-Agent", "bench")
		res, err := client.Do(req)
		if err != nil {
			die(err)
		}
		var got int64
		for {
			k, err := res.Body.Read(buf)
			got += int64(k)
			if err == io.EOF {
				break
			}
			if err != nil {
				die(err)
			}
		}
		res.Body.Close()
		return got
	}

	var s *span
	var mu sync.Mutex
	var bytes int64
	var samples []int64
	if mode == "one" {
		samples = make([]int64, 0, n)
	}
	// All workers make the warm-up together, then the measured requests.
	round := func(count int64, measured bool) {
		var left = count
		var wg sync.WaitGroup
		for i := int64(0); i < conc; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				buf := make([]byte, buffer)
				var sum int64
				for atomic.AddInt64(&left, -1) >= 0 {
					t := time.Now()
					sum += get(buf)
					if measured && samples != nil {
						samples = append(samples, int64(time.Since(t)))
					}
				}
				mu.Lock()
				bytes += sum
				mu.Unlock()
			}()
		}
		wg.Wait()
	}
	round(warm, false)
	bytes = 0
	asked = path
	s = begin()
	round(n, true)
	wall := time.Since(s.start)
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	var p50, p99 int64
	if len(samples) > 0 {
		sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
		p50, p99 = samples[len(samples)/2], samples[len(samples)*99/100]
	}
	fmt.Printf("{\"mode\":\"%s\",\"requests\":%d,\"wall_us\":%d,\"user_us\":%d,\"sys_us\":%d,\"p50_ns\":%d,\"p99_ns\":%d,\"bytes\":%d}\n",
		mode, n, wall.Microseconds(), micros(u.Utime)-micros(s.usage.Utime), micros(u.Stime)-micros(s.usage.Stime), p50, p99, bytes)
}
