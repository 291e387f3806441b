#!/bin/bash
# inside.sh DIR COMMAND…   runs COMMAND as the lab's inhabitant: called as process 1 of new network, mount and pid
# namespaces. DIR holds what namespace.ts wrote. Everything started here dies when this script ends.
set -eu
dir=$1
shift

ip link set lo up
# glibc (AI_ADDRCONFIG) takes a machine with nothing but loopback for one without network and resolves no names:
# give it one address that leads nowhere.
ip link add lab0 type veth peer name lab1
ip addr add 198.51.100.1/24 dev lab0
ip link set lab0 up
ip link set lab1 up

mount --bind "$dir/resolv.conf" /etc/resolv.conf
mount --bind "$dir/hosts" /etc/hosts
mount --bind "$dir/trust" /etc/ssl/certs
# Sockets of screens: not the ones of the world outside.
mkdir -p /tmp/.X11-unix
mount -t tmpfs -o mode=1777 tmpfs /tmp/.X11-unix

dnsmasq -C "$dir/dnsmasq.conf" >"$dir/dnsmasq.log" 2>&1 &
for _ in $(seq 600); do
  ss -Hlnu 'sport = :53' | grep -q . && break
  sleep 0.1
done
ss -Hlnu 'sport = :53' | grep -q . || { echo "lab: dnsmasq did not start:"; cat "$dir/dnsmasq.log"; exit 1; } >&2

set +e
"$@"
exit $?
