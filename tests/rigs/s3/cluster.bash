# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors
# Sourced by run: a Ceph cluster of one monitor and one OSD, with two gateways that speak S3, on this machine's loopback alone.

# start_cluster DIR PORT: the gateways at PORT and PORT + 1, the second one by TLS at PORT + 3, with a certificate that it signed itself
# (DIR/run/certificate.pem), the monitor at PORT + 2. Sets CEPH_CONF. Its processes are in
# DIR/run/*.pid. Keys are $access_key and $secret_key. STORE=bluestore keeps objects in a file, else they are in memory.
# What the daemons would note of each request is a sixth of the work that they do: they note nothing.
access_key=AKIDEXAMPLE secret_key=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY
start_cluster() {
  local dir=$1 port=$2 monitor=$(($2 + 2)) uuid tries
  mkdir -p "$dir/mon" "$dir/osd" "$dir/run"
  export CEPH_CONF="$dir/ceph.conf"
  # No authentication between the daemons, which only loopback reaches; "crc", for the gateway's default asks for it nevertheless.
  # The address of the second version of the protocol alone: with the first one a start fails now and then. tcp_nodelay: else each
  # GET waits 40 ms for an acknowledgement.
  cat >"$CEPH_CONF" <<C
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon initial members = a
mon host = [v2:127.0.0.1:$monitor]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
run dir = $dir/run
admin socket = $dir/run/\$name.asok
pid file = $dir/run/\$name.pid
log file = $dir/run/\$name.log
mon cluster log file = $dir/run/cluster.log
crash dir = $dir/run
mon data = $dir/mon
osd data = $dir/osd
rgw data = $dir/run
mon allow pool size one = true
mon data avail crit = 1
paxos propose interval = 0.02
paxos min wait = 0.01
debug ms = 0/0
debug mon = 0/0
debug osd = 0/0
debug objecter = 0/0
debug objclass = 0/0
debug optracker = 0/0
debug rgw = 0/0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = ${STORE:-memstore}
memstore device bytes = 8589934592
bluestore block size = 8589934592
rgw rados pool pg num min = 1
rgw dns name = localhost
rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
[mon]
public addrv = [v2:127.0.0.1:$monitor]
C
  uuid=$(cat /proc/sys/kernel/random/uuid)
  ceph-mon -i a --mkfs && ceph-mon -i a && ceph osd new "$uuid" >/dev/null && ceph-osd -i 0 --mkfs --osd-uuid "$uuid" 2>/dev/null || return 1
  ceph-osd -i 0 2>/dev/null || { sleep 1; ceph-osd -i 0; } || return 1
  radosgw-admin user create --uid=rig --display-name=rig --access-key="$access_key" --secret-key="$secret_key" >/dev/null || return 1
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$dir/run/key.pem" -out "$dir/run/certificate.pem" 2>/dev/null || return 1
  start_gateways "$port" || return 1
}

# The first of eight ports in a row at which nobody listens: there is room for two clusters.
free_ports() {
  local port tries at taken
  for ((tries = 0; tries < 100; ++tries)); do
    port=$((20000 + RANDOM % 10000)) taken=0
    for at in 0 1 2 3 4 5 6 7; do (: <"/dev/tcp/127.0.0.1/$((port + at))") 2>/dev/null && taken=1; done
    [ "$taken" = 1 ] || break
  done
  echo "$port"
}

start_gateways() {  # PORT
  radosgw -n client.rgw && start_second_gateway "$1" && wait_for_gateway "$1"
}

start_second_gateway() {  # PORT
  radosgw -n client.rgw2 --rgw-frontends "beast endpoint=127.0.0.1:$(($1 + 1)) tcp_nodelay=1 ssl_endpoint=127.0.0.1:$(($1 + 3)) ssl_certificate=${CEPH_CONF%/*}/run/certificate.pem ssl_private_key=${CEPH_CONF%/*}/run/key.pem" || return 1
  wait_for_gateway $(($1 + 1))
}

wait_for_gateway() {  # PORT
  local tries
  for ((tries = 0; tries < 600; ++tries)); do
    curl -sf -o /dev/null "http://127.0.0.1:$1/" && return 0
    sleep 0.1
  done
  return 1
}

# stop_cluster DIR: only what was started there, by its own numbers.
stop_cluster() {
  local file
  for file in "$1"/run/*.pid; do
    [ -e "$file" ] && kill -KILL "$(cat "$file")" 2>/dev/null
  done
  return 0
}
