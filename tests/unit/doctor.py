#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What 'fulcrumctl doctor' finds on a machine of files that is right, and on one with a single thing wrong.

    doctor.py FULCRUMCTL
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

CARD = "/sys/bus/pci/devices/0000:03:00.0"
CPU = "/sys/devices/system/cpu"
NODE = "/sys/devices/system/node"
PAGES = "/sys/kernel/mm/hugepages"
SMALL = "hugepages-2048kB"
FILE = "/etc/fulcrum/fulcrumd.yaml"
UNIT = "/lib/systemd/system/fulcrumd.service"
ADDED = "/etc/systemd/system/fulcrumd.service.d"
CLOCK = "/sys/devices/system/clocksource/clocksource0"
CONF = "/proc/sys/net/ipv4/conf"
USER = os.getuid() or 4711  # root may write everywhere


class Link(str):
    """What a symbolic link leads to."""


class Folder(int):
    """A folder's mode."""


YAML = """
channel: /run/fulcrum/channel
state: /var/lib/fulcrum
user: fulcrum
eal: {{hugepages: {hugepages}, memory: 512MiB}}
control_core: {control}
workers: {{cores: [2, 3], idle: {idle}}}
ports: [{{name: wan, device: "{device}", kernel_interface: fulcrum0}}]
"""


def daemon_file(hugepages="required", control=0, idle="poll", device="0000:03:00.0"):
    return YAML.format(hugepages=hugepages, control=control, idle=idle, device=device)


GOOD = {
    FILE: daemon_file(),
    "/etc/passwd": f"root:x:0:0::/:/bin/sh\nfulcrum:x:{USER}:{USER}::/:/bin/sh\n",
    "/var/lib/fulcrum": Folder(0o750),
    "/run/fulcrum": Folder(0o750),
    CARD + "/numa_node": "0",
    CARD + "/driver": Link("../../../bus/pci/drivers/vfio-pci"),
    CARD + "/iommu_group/devices/0000:03:00.0/x": "",
    "/sys/kernel/iommu_groups/0/x": "",
    "/sys/bus/pci/drivers/vfio-pci/x": "",
    "/proc/cpuinfo": "vendor_id : GenuineIntel\n",
    UNIT: "[Service]\nLimitMEMLOCK=infinity\n",
    f"{PAGES}/{SMALL}/free_hugepages": "512",
    f"{PAGES}/{SMALL}/nr_hugepages": "512",
    f"{NODE}/node0/cpulist": "0-3",
    f"{NODE}/node0/hugepages/{SMALL}/free_hugepages": "256",
    f"{NODE}/node0/hugepages/{SMALL}/nr_hugepages": "256",
    f"{NODE}/node1/cpulist": "4-7",
    f"{NODE}/node1/hugepages/{SMALL}/free_hugepages": "256",
    CPU + "/online": "0-7",
    CPU + "/isolated": "2-3",
    CPU + "/nohz_full": "1-3",
    CPU + "/cpu2/node0/x": "",
    CPU + "/cpu3/node0/x": "",
    CPU + "/cpu2/topology/thread_siblings_list": "2,6",
    CPU + "/cpu3/topology/thread_siblings_list": "3,7",
    CPU + "/cpu2/cpufreq/scaling_governor": "performance",
    CPU + "/cpu3/cpufreq/scaling_governor": "performance",
    "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
    CLOCK + "/current_clocksource": "tsc",
    CLOCK + "/available_clocksource": "tsc hpet acpi_pm",
    "/adjtimex": "1",
    "/dev/net/tun": "",
    "/dev/vhost-net": "",
    CONF + "/all/rp_filter": "0",
    CONF + "/default/rp_filter": "2",
}

# The check that says "wrong", what the machine has otherwise (None: not), a part of what is found,
# and of what mends it.
WRONG = [
    ("file", {FILE: daemon_file() + "colour: green\n"}, "colour", "--check"),
    ("user", {"/etc/passwd": "root:x:0:0::/:/bin/sh\n"}, "no user 'fulcrum'", "useradd --system --user-group"),
    ("state", {"/var/lib/fulcrum": None}, "is no folder",
     "install -d -o fulcrum -g fulcrum -m 0750 /var/lib/fulcrum"),
    ("state", {"/var/lib/fulcrum": Folder(0o550)}, "cannot write", "chown -R fulcrum:fulcrum /var/lib/fulcrum"),
    ("channel", {"/run/fulcrum": None}, "/run/fulcrum is no folder", "install -d -o fulcrum"),
    ("card", {FILE: daemon_file(device="0000:09:00.0")}, "there is no card 0000:09:00.0", "lspci -D"),
    ("card", {CARD + "/driver": Link("../../../bus/pci/drivers/ixgbe")}, "bound to ixgbe, not to vfio-pci",
     "driverctl set-override 0000:03:00.0 vfio-pci"),
    ("card", {CARD + "/driver": None}, "bound to no driver", "driverctl set-override 0000:03:00.0 vfio-pci"),
    ("card", {FILE: daemon_file(device="net_bonding0,mode=4,slave=0000:03:00.0,slave=0000:04:00.0")},
     "there is no card 0000:04:00.0", "lspci -D"),
    ("interface", {FILE: daemon_file(device="net_af_packet0,iface=eth7")}, "there is no interface eth7", "ip -br link"),
    ("interface", {FILE: daemon_file(device="net_af_xdp0")}, "names no interface", "net_af_xdp0,iface=eth0"),
    ("interface", {FILE: daemon_file(device="net_af_packet0,iface=eth0").replace(", kernel_interface: fulcrum0", ""),
                   "/sys/class/net/eth0/operstate": "up"}, "has no kernel_interface", "kernel_interface: fulcrum0"),
    ("interface", {FILE: daemon_file(device="net_pcap0,iface=eth0"), "/sys/class/net/eth0/operstate": "down"},
     "eth0 is down", "ip link set dev eth0 up"),
    ("card-group", {CARD + "/iommu_group/devices/0000:03:00.1/x": "",
                    "/sys/bus/pci/devices/0000:03:00.1/driver": Link("../ixgbe")},
     "shares its group with 0000:03:00.1", "driverctl set-override 0000:03:00.1 vfio-pci"),
    ("iommu", {"/sys/kernel/iommu_groups/0/x": None}, "VT-d", "intel_iommu=on iommu=pt"),
    ("iommu", {"/sys/kernel/iommu_groups/0/x": None, "/proc/cpuinfo": "vendor_id : AuthenticAMD\n"}, "AMD-Vi",
     "amd_iommu=on iommu=pt"),
    ("iommu", {"/sys/kernel/iommu_groups/0/x": None,
               "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode": "Y"}, "unsafe no-IOMMU mode",
     "intel_iommu=on"),
    ("iommu", {"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode": "Y"}, "unsafe no-IOMMU mode",
     "echo N > /sys/module/vfio/parameters"),
    ("vfio-pci", {"/sys/bus/pci/drivers/vfio-pci/x": None}, "not loaded", "modprobe vfio-pci"),
    ("memlock", {UNIT: "[Service]\nLimitMEMLOCK=67108864\n"}, "67108864, it needs 512 MiB", "LimitMEMLOCK=infinity"),
    ("memlock", {UNIT: "[Service]\n"}, "little", "LimitMEMLOCK=infinity"),
    ("memlock", {ADDED + "/a.conf": "[Service]\nLimitMEMLOCK=8M\n"}, "may lock 8M,", "LimitMEMLOCK=infinity"),
    ("hugepages", {f"{PAGES}/{SMALL}/free_hugepages": "100"}, "200 MiB are free, 512 MiB are needed",
     "vm.nr_hugepages = 668'"),
    ("hugepages", {FILE: daemon_file(hugepages="auto"), f"{PAGES}/{SMALL}/free_hugepages": None,
                   f"{PAGES}/{SMALL}/nr_hugepages": None}, "0 MiB are free", "vm.nr_hugepages = 256'"),
    ("hugepages-node", {f"{NODE}/node0/hugepages/{SMALL}/free_hugepages": "6"},
     "node 0 has 12 MiB, its 2 worker(s) need 512 MiB",
     f"echo 506 > {NODE}/node0/hugepages/{SMALL}/nr_hugepages"),
    ("thp", {"/sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never"}, "for all programs",
     "transparent_hugepage=madvise"),
    ("cores", {CPU + "/online": "0-2"}, "3: not there", "take cores from 0-2"),
    ("control-core", {FILE: daemon_file(control=2, idle="sleep")}, "2 is a worker's", "one of 0-1,4-7"),
    ("siblings", {CPU + "/cpu2/topology/thread_siblings_list": "2-3",
                  CPU + "/cpu3/topology/thread_siblings_list": "2-3"}, "2-3 are threads of one core", "lscpu -e"),
    ("siblings", {CPU + "/cpu2/topology/thread_siblings_list": "0,2"}, "0,2 are threads of one core", "lscpu -e"),
    ("isolated", {CPU + "/isolated": ""}, "2-3 are not isolated", "isolcpus=2-3"),
    ("isolated", {CPU + "/isolated": "3"}, "cores 2 are not", "isolcpus=2-3"),
    ("nohz-full", {CPU + "/nohz_full": " (null)"}, "2-3 are not nohz-full", "nohz_full=2-3"),
    ("nohz-full", {CPU + "/nohz_full": None}, "2-3 are not", "nohz_full=2-3"),
    ("governor", {CPU + "/cpu3/cpufreq/scaling_governor": "powersave"}, "cores 3 are not",
     "cpupower -c 3 frequency-set -g performance"),
    ("card-node", {CARD + "/numa_node": "1"}, "0000:03:00.0 is at node 1, its worker cores 2-3 are not", "from 4-7"),
    ("clocksource", {CLOCK + "/current_clocksource": "hpet"}, "hpet, not tsc", "echo tsc > "),
    ("clocksource", {CLOCK + "/current_clocksource": "hpet", CLOCK + "/available_clocksource": "hpet acpi_pm"},
     "hpet, not tsc", "journalctl -k"),
    ("clock", {"/adjtimex": "64"}, "not synchronised", "timedatectl set-ntp true"),
    ("tun", {"/dev/net/tun": None}, "not there", "modprobe tun"),
    ("vhost-net", {"/dev/vhost-net": None}, "not there", "modprobe vhost_net"),
    ("rp-filter", {CONF + "/all/rp_filter": "1", CONF + "/default/rp_filter": "0"}, "fulcrum0: strict",
     "61-fulcrum.conf"),
    ("rp-filter", {CONF + "/fulcrum0/rp_filter": "1"}, "fulcrum0: strict", "61-fulcrum.conf"),
]

# Machines that are other and right, and what then stands for the check.
RIGHT = [
    ("card", {CARD + "/driver": Link("../mlx5_core"), "/sys/kernel/iommu_groups/0/x": None,
              "/sys/bus/pci/drivers/vfio-pci/x": None}, "stays with mlx5_core"),
    ("iommu", {CARD + "/driver": Link("../mlx5_core"), "/sys/kernel/iommu_groups/0/x": None}, "no port needs vfio"),
    ("card", {CARD + "/driver": Link("../uio_pci_generic"), "/sys/kernel/iommu_groups/0/x": None},
     "bound to uio_pci_generic"),
    ("card", {FILE: daemon_file(device="net_tap0,iface=ftap0"), CARD + "/driver": None, "/dev/vhost-net": None,
              "/sys/kernel/iommu_groups/0/x": None}, "no port is a card"),
    ("interface", {FILE: daemon_file(device="net_af_xdp0,iface=eth0"), "/sys/class/net/eth0/operstate": "up"},
     "wan drives eth0"),
    ("interface", {FILE: daemon_file(device="net_tap0,iface=eth7")}, "no port drives an interface of the kernel"),
    ("hugepages", {FILE: daemon_file(hugepages="off"), f"{PAGES}/{SMALL}/free_hugepages": "0",
                   f"{NODE}/node0/hugepages/{SMALL}/free_hugepages": "0"}, "the file wants none"),
    ("hugepages", {f"{PAGES}/{SMALL}/free_hugepages": "0",
                   f"{PAGES}/hugepages-1048576kB/free_hugepages": "1"}, "1024 MiB are free"),
    ("isolated", {FILE: daemon_file(idle="sleep"), CPU + "/isolated": "", CPU + "/nohz_full": None}, "not needed"),
    ("governor", {CPU + "/cpu2/cpufreq/scaling_governor": None, CPU + "/cpu3/cpufreq/scaling_governor": None},
     "no worker's core"),
    ("card-node", {CARD + "/numa_node": "-1"}, "no card is at another node"),
    ("card-group", {CARD + "/iommu_group/devices/0000:00:1c.0/x": "",
                    "/sys/bus/pci/devices/0000:00:1c.0/driver": Link("../pcieport")}, "no card shares"),
    ("rp-filter", {CONF + "/all/rp_filter": "1", CONF + "/fulcrum0/rp_filter": "2"}, "not strict"),
    ("memlock", {UNIT: "[Service]\nLimitMEMLOCK=67108864\n",
                 ADDED + "/a.conf": "[Service]\nLimitMEMLOCK=infinity\n"}, "may lock infinity"),
    ("memlock", {UNIT: "[Service]\nLimitMEMLOCK=1G\n"}, "may lock 1G"),
]

BY_A_DAEMON = {"daemon", "dpdk", "workers", "queues", "rss", "kernel-side", "checksums", "link"}  # test_fulcrumctl.c has these


def make_machine(root, files):
    for path, content in files.items():
        whole = root + path
        if content is None:
            continue
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        if isinstance(content, Link):
            os.symlink(content, whole)
        elif isinstance(content, Folder):
            os.mkdir(whole)
            os.chown(whole, USER, USER if os.getuid() == 0 else -1)
            os.chmod(whole, content)
        else:
            with open(whole, "w", encoding="utf-8") as file:
                file.write(content)


def run_doctor(tool, changes, *arguments):
    root = tempfile.mkdtemp(prefix="fulcrum-doctor-")
    try:
        make_machine(root, {**GOOD, **changes})
        return subprocess.run([tool, "-C", root + "/nowhere", "doctor", "--root", root, *arguments],
                              capture_output=True, text=True, check=False, timeout=60)
    finally:
        shutil.rmtree(root)


def rows_of(done):
    return json.loads(done.stdout)["checks"]


failures = 0


def expect(good, case, *words):
    global failures
    if not good:
        failures += 1
        print("failed:", case, *words)


def try_wrong(tool, check, changes, found, mend):
    done = run_doctor(tool, changes, "-o", "json")
    rows = rows_of(done)
    wrong = [row for row in rows if row["result"] == "wrong"]
    hit = [row for row in wrong if row["check"] == check and found in row["found"] and mend in row["mend"]]
    expect(done.returncode == 1 and hit and hit[0]["why"], (check, changes), rows)
    others = {row["check"] for row in wrong} - {check}
    both = {"hugepages": {"hugepages-node"}}.get(check, set())
    expect(others <= both, (check, changes), "also wrong:", others)


def try_right(tool, check, changes, found):
    done = run_doctor(tool, changes, "-o", "json")
    row = [row for row in rows_of(done) if row["check"] == check][0]
    expect(done.returncode == 0 and row["result"] == "ok" and found in row["found"], (check, changes), done.stdout)


def try_text(tool):
    done = run_doctor(tool, {"/dev/net/tun": None})
    expect("\nwrong        tun               /dev/net/tun is not there\n" in done.stdout, "text", done.stdout)
    expect("\n             mend  modprobe tun" in done.stdout, "text", done.stdout)
    expect("\033" not in done.stdout, "colours without a terminal", done.stdout)
    expect(" ok, 1 wrong, 8 cannot be told\n" in done.stdout, "text", done.stdout)


def try_files(tool):
    done = run_doctor(tool, {FILE: None}, "-o", "json")
    rows = rows_of(done)
    expect(done.returncode == 0 and rows[0]["result"] == "cannot tell", "no file", done.stdout)
    done = run_doctor(tool, {}, "-c", "/nowhere/fulcrumd.yaml")
    expect(done.returncode == 2 and "/nowhere/fulcrumd.yaml" in done.stderr, "a file that is not there", done)


def main():
    tool = sys.argv[1]
    good = run_doctor(tool, {}, "-o", "json")
    rows = rows_of(good)
    expect(good.returncode == 0 and json.loads(good.stdout)["ok"] is True, "a machine that is right", good.stdout)
    expect({row["check"] for row in rows if row["result"] != "ok"} == BY_A_DAEMON, "what is right", good.stdout)
    expect({row["check"] for row in rows} - BY_A_DAEMON == {case[0] for case in WRONG}, "each check is tried")
    for case in WRONG:
        try_wrong(tool, *case)
    for case in RIGHT:
        try_right(tool, *case)
    try_text(tool)
    try_files(tool)
    return 1 if failures else 0


sys.exit(main())
