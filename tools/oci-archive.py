# SPDX-License-Identifier: BSD-3-Clause
"""An OCI archive (image-spec 1.0, image-layout.md) with one layer: the root file system of fulcrumd.

    oci-archive.py LAYER.tar ARCHITECTURE VERSION IMAGE.tar
"""
import datetime
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

KIND = "application/vnd.oci.image."
CHUNK = 1 << 20


def digest_of(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def compress(source, target):
    with open(source, "rb") as layer, open(target, "wb") as out:
        with gzip.GzipFile(fileobj=out, mode="wb", filename="", mtime=0, compresslevel=6) as packed:
            while chunk := layer.read(CHUNK):
                packed.write(chunk)


def config_of(architecture, version, created, layer_digest):
    return {
        "created": created,
        "architecture": architecture,
        "os": "linux",
        "config": {
            "Entrypoint": ["/usr/sbin/container-start"],
            "Cmd": ["-c", "/etc/fulcrum/fulcrumd.yaml"],
            "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            "Volumes": {"/var/lib/fulcrum": {}},
            "StopSignal": "SIGTERM",
            "Labels": {"org.opencontainers.image.title": "fulcrum", "org.opencontainers.image.version": version,
                       "org.opencontainers.image.licenses": "BSD-3-Clause"},
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created": created, "created_by": "tools/container-image"}],
    }


class Layout:
    """The archive: blobs under their digests, and what leads to them."""

    def __init__(self, path, time_s):
        self.tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)
        self.time_s = time_s

    def add(self, name, file, size):
        member = tarfile.TarInfo(name)
        member.size, member.mtime = size, self.time_s
        self.tar.addfile(member, file)

    def add_text(self, name, value):
        text = json.dumps(value, separators=(",", ":")).encode()
        self.add(name, io.BytesIO(text), len(text))

    def add_blob(self, kind, path=None, value=None):
        if path is None:
            text = json.dumps(value, separators=(",", ":")).encode()
            digest, size, file = hashlib.sha256(text).hexdigest(), len(text), io.BytesIO(text)
        else:
            digest, size, file = digest_of(path), os.path.getsize(path), open(path, "rb")
        with file:
            self.add(f"blobs/sha256/{digest}", file, size)
        return {"mediaType": KIND + kind, "digest": f"sha256:{digest}", "size": size}


def main(layer, architecture, version, image):
    time_s = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    created = datetime.datetime.fromtimestamp(time_s, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    compress(layer, layer + ".gz")
    layout = Layout(image, time_s)
    layout.add_text("oci-layout", {"imageLayoutVersion": "1.0.0"})
    manifest = {
        "schemaVersion": 2,
        "mediaType": KIND + "manifest.v1+json",
        "config": layout.add_blob("config.v1+json", value=config_of(architecture, version, created, digest_of(layer))),
        "layers": [layout.add_blob("layer.v1.tar+gzip", path=layer + ".gz")],
    }
    entry = layout.add_blob("manifest.v1+json", value=manifest)
    entry["platform"] = {"architecture": architecture, "os": "linux"}
    entry["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    layout.add_text("index.json", {"schemaVersion": 2, "manifests": [entry]})
    layout.tar.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
