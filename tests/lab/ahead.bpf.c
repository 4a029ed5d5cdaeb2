// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
// Programs that somebody else has on an interface ahead of the agent's, and that end the chain:
// IPv4 is dropped before any filter (XDP), or handed on past all of them (tcx).
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int drop_ipv4(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int end_chain(struct __sk_buff *skb)
{
	return TC_ACT_OK; // tcx takes it for an end, -1 alone goes on
}

char _license[] SEC("license") = "Dual BSD/GPL";
