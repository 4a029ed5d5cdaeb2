// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
// The switch port of the lab: tags what goes to the balancer and untags what comes from it. For
// kernels without 8021q and act_vlan.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TAG 0x6064 // priority 3, VLAN 100
#define VIP 0xcb00710a // 203.0.113.10

SEC("tc/push")
int push(struct __sk_buff *skb)
{
	return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), TAG) < 0 ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc/push_vip")
int push_vip(struct __sk_buff *skb)
{
	__u32 destination = 0;

	bpf_skb_load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct iphdr, daddr), &destination,
		sizeof(destination));
	if (skb->protocol != bpf_htons(ETH_P_IP) || destination != bpf_htonl(VIP))
		return TC_ACT_OK;
	return push(skb);
}

SEC("tc/pop")
int pop(struct __sk_buff *skb)
{
	bpf_skb_vlan_pop(skb);
	return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
