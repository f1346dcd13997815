#!/bin/sh
# Makes a network namespace anew, with one cable to the bridge of the lab's servers; what was in
# the one before (links, addresses, firewall rules) is gone, as after a reboot.
# usage: plug-in.sh SERVERS NAMESPACE PORT ADDRESS/LENGTH GATEWAY
set -eu
servers=$1 namespace=$2 port=$3 address=$4 gateway=$5

# The same card at every boot: the others remember for a while which one has the address.
# shellcheck disable=SC2046 # one argument for each byte
card=$(printf '02:00:%02x:%02x:%02x:%02x' $(echo "${address%/*}" | tr . ' '))

ip netns delete "$namespace" 2>/dev/null || true
# Its cable goes with it, but not at once.
ip -n "$servers" link delete "$port" 2>/dev/null || true
ip netns add "$namespace"
ip -n "$servers" link add "$port" type veth \
  peer name eth0 address "$card" netns "$namespace"
ip -n "$servers" link set "$port" master bridge up
ip -n "$namespace" -batch - <<COMMANDS
link set lo up
address add $address dev eth0
link set eth0 up
route add default via $gateway
COMMANDS
