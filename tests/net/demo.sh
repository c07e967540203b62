#!/usr/bin/env bash
# Shows what a request of xh does when all goes well and when it does not, against servers of its own: an nginx with
# made certificates, and a server that hangs up in the middle of a body. All on free ports of 127.0.0.1, with their
# files in a temporary folder; both are gone when this script ends.
# Usage: demo.sh DEMO [OPTIONS OF DEMO]
set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
DEMO=$1
shift
OPTIONS=("$@")
HOME_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/xh-demo.XXXXXX")
NGINX=
CUTTER=

stop_all() {
    local pid
    for pid in $NGINX $CUTTER; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$HOME_FOLDER"
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# ---- certificates ------------------------------------------------------------------------------------------------------

make_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=xh demo authority' \
        -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
        -keyout ca.key -out ca.pem
    : >index.txt
    cat >ca.conf <<'END'
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
END
}

# make_certificate NAME SUBJECT-ALTERNATIVE-NAMES START END
make_certificate() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
        -addext "subjectAltName=$2" -keyout "$1.key" -out "$1.csr"
    openssl ca -batch -notext -config ca.conf -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.pem" \
        -startdate "$3" -enddate "$4"
}

# ---- servers -----------------------------------------------------------------------------------------------------------

# Prints that many ports that are free now.
free_ports() {
    perl -e 'use strict; use IO::Socket::INET; my @held;
        for (1 .. shift) {
            my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die $!;
            push @held, $s; print $s->sockport, "\n";
        }' "$1"
}

# Promises 1000000 bytes and hangs up after 300000. Its first line of output is its port.
start_cutter() {
    exec 4< <(perl -e 'use strict; use IO::Socket::INET;
        my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 16) or die $!;
        $| = 1; print $server->sockport, "\n";
        while (my $client = $server->accept) {
            while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
            print $client "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\n";
            print $client "x" x 300000;
            close $client;
        }')
    CUTTER=$!
    read -r CUT <&4
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

tls_server() {
    printf 'server { listen 127.0.0.1:%d ssl; ssl_certificate %s.pem; ssl_certificate_key %s.key; root www; }\n' "$1" "$2" "$2"
}

write_nginx_conf() {
    if [ "$(id -u)" -eq 0 ]; then echo "user $(id -un) $(id -gn);"; fi
    cat <<END
worker_processes 1;
pid nginx.pid;
error_log nginx.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path tmp1; proxy_temp_path tmp2; fastcgi_temp_path tmp3; uwsgi_temp_path tmp4; scgi_temp_path tmp5;
    types { text/html html; }
    default_type application/octet-stream;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache none;
    server { listen 127.0.0.1:$HTTP; root www; }
END
    tls_server "$HTTPS" valid
    tls_server "$EXPIRED" expired
    tls_server "$OTHER" other
    echo '}'
}

# Another program may take a port between the look and the start: then it tries again.
start_nginx() {
    local try
    for try in 1 2 3 4 5; do
        { read -r HTTP; read -r HTTPS; read -r EXPIRED; read -r OTHER; read -r REFUSED; } < <(free_ports 5)
        write_nginx_conf >nginx.conf
        nginx -p "$HOME_FOLDER/" -c nginx.conf -e nginx.log -g 'daemon off;' 2>nginx.err &
        NGINX=$!
        while kill -0 $NGINX 2>/dev/null; do
            if answers "$HTTP" && answers "$OTHER"; then return 0; fi
            sleep 0.02
        done
        wait $NGINX || true
        NGINX=
    done
    cat nginx.err nginx.log >&2
    return 1
}

# ---- the show ----------------------------------------------------------------------------------------------------------

FAULTS=0
# show EXPECTED-EXIT-CODE TITLE ARGUMENTS...
show() {
    local expected=$1 code=0
    printf '\n== %s\n' "$2"
    shift 2
    printf '$ demo %s\n' "$*"
    "$DEMO" ${OPTIONS[@]+"${OPTIONS[@]}"} "$@" </dev/null || code=$?
    if [ $code -ne "$expected" ]; then
        echo "-- exit code $code instead of $expected"
        FAULTS=$((FAULTS + 1))
    fi
}

DEMO=$(realpath "$DEMO")
cd "$HOME_FOLDER"
chmod 755 .
stamp() { date -u -d "$1" +%Y%m%d%H%M%SZ; }
{
    make_ca
    make_certificate valid 'DNS:localhost,IP:127.0.0.1' "$(stamp '1 day ago')" "$(stamp '1 day')"
    make_certificate expired 'DNS:localhost,IP:127.0.0.1' "$(stamp '10 days ago')" "$(stamp '2 days ago')"
    make_certificate other 'DNS:other.example' "$(stamp '1 day ago')" "$(stamp '1 day')"
} >openssl.log 2>&1 || { cat openssl.log >&2; exit 1; }
mkdir www
printf '<!doctype html>\n<title>xh</title>\n<p>Fetched from an nginx on this machine.\n' >www/index.html
truncate -s 64M www/large
start_nginx
start_cutter

show 0 'a page by http' "http://localhost:$HTTP/"
show 0 'a large file by http' "http://127.0.0.1:$HTTP/large"
show 0 'a large file by https' --ca "$HOME_FOLDER/ca.pem" "https://localhost:$HTTPS/large"
show 1 'an unknown authority' "https://localhost:$HTTPS/"
show 1 'a wrong host name' --ca "$HOME_FOLDER/ca.pem" "https://localhost:$OTHER/"
show 1 'an expired certificate' --ca "$HOME_FOLDER/ca.pem" "https://localhost:$EXPIRED/"
show 1 'a refused port' "http://127.0.0.1:$REFUSED/"
show 1 'a connection cut in the body' "http://127.0.0.1:$CUT/"
echo
[ $FAULTS -eq 0 ]
