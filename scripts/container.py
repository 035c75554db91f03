#!/usr/bin/env python3
"""The steps of the Dockerfile without docker: ``python -m scripts.container [--base DIR]`` (Linux, as root).

Each stage is an overlay over ``--base`` (a Debian, by default this machine's own root) in a mount namespace of this
process, with the Python that runs this at ``/usr/local``, as in the image; nothing outside changes. COPY, RUN, ENV,
WORKDIR and USER are carried out as docker would, and what .dockerignore leaves out is not there. The result is used as
the documentation says, by a user without a name, on file systems that are only read, without a network: it checks a
plan, and compares a folder with a commit. Prints what the steps add, compressed. RUN needs the network.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.distributions import tracked

ROOT = Path(__file__).resolve().parent.parent
INSIDE = "GUARDRAIL_IN_A_MOUNT_NAMESPACE"
PASSED_ON = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
STRANGER = "12345:12345"
"""A user and a group that no file of the image names."""


def main() -> int:
    """Build, use, and return 0 where both went well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--base", type=Path, default=Path("/"), help="root of the first image (default: /)")
    base = parser.parse_args().base
    if sys.platform != "linux" or os.geteuid() != 0:
        print("container: needs Linux, and root for its mounts", file=sys.stderr)
        return 2
    if INSIDE not in os.environ:
        command = [
            "unshare",
            "--mount",
            "--propagation=private",
            sys.executable,
            "-m",
            "scripts.container",
            *sys.argv[1:],
        ]
        return subprocess.run(command, cwd=ROOT, env={**os.environ, INSIDE: "1"}, check=False).returncode
    with TemporaryDirectory(prefix="guardrail-") as top:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", top], check=True)
        try:
            image = build(Path(top), base)
            use(image)
        finally:
            subprocess.run(["umount", "--recursive", top], check=True)
    print(f"every step of the Dockerfile; they add {image.bytes_added / 1e6:.1f} MB, compressed")
    return 0


class Image:
    """A stage: its root, and what the instructions so far have set."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.root, self._upper = folder / "root", folder / "upper"
        self.environment = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        self.directory, self.user, self.entrypoint, self.bytes_added = "/", "", [""], 0
        for each in (self.root, self._upper, folder / "work"):
            each.mkdir(parents=True)
        layers = f"lowerdir={base},upperdir={self._upper},workdir={folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=True)
        for name in ("proc", "dev"):
            subprocess.run(["mount", "--rbind", f"/{name}", self.root / name], check=True)
        if sys.base_prefix != "/usr":
            subprocess.run(["mount", "--bind", "-o", "ro", sys.base_prefix, self.root / "usr/local"], check=True)
            self.environment["LD_LIBRARY_PATH"] = "/usr/local/lib"  # where the image's own Python is found by ldconfig

    def at(self, path: str) -> Path:
        """Where ``path`` of the image is outside of it."""
        return self.root / os.path.join(self.directory, path).lstrip("/")

    def run(self, command: Sequence[str], user: str = "0:0", before: Sequence[str] = (), **environment: str) -> str:
        """Run a command in the image and return what it prints. Raises `SystemExit`, with that, where it fails."""
        where = ["env", "-i", *(f"{name}={value}" for name, value in {**self.environment, **environment}.items())]
        script = 'cd "$0" && exec "$@"'
        shell: list[str | Path] = [
            "chroot",
            f"--userspec={user}",
            "--groups=",
            self.root,
            *where,
            "/bin/sh",
            "-c",
            script,
            self.directory,
        ]
        done = subprocess.run(
            [*before, *shell, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{shlex.join(command)}\n{done.stdout}exit {done.returncode}")
        return str(done.stdout)

    def measure(self, folder: Path) -> None:
        """Note how large a layer with all that was added would be."""
        with tarfile.open(folder / "layer.tar.gz", "w:gz", compresslevel=6) as archive:
            archive.add(self._upper, "/")
        self.bytes_added = (folder / "layer.tar.gz").stat().st_size


def build(top: Path, base: Path) -> Image:
    """Carry out the Dockerfile and return its last stage."""
    stages: dict[str, Image] = {}
    for name, words in instructions(ROOT / "Dockerfile"):
        if name == "FROM":
            stages[words.partition(" AS ")[2] or str(len(stages))] = Image(top / str(len(stages)), base)
        else:
            carry_out(name, words, stages)
    last = list(stages.values())[-1]
    last.measure(top)
    return last


def carry_out(name: str, words: str, stages: dict[str, Image]) -> None:
    """Carry out one instruction of the newest stage. Raises `SystemExit` for one that this does not know."""
    image = list(stages.values())[-1]
    print(f"{name} {words}", flush=True)
    if name == "RUN":
        own = {key: value for key, value in os.environ.items() if key.startswith(PASSED_ON)}
        image.run(["/bin/sh", "-c", words], **own)
    elif name == "COPY":
        copy(shlex.split(words), image, stages)
    elif name == "ENV":
        image.environment |= dict(word.split("=", 1) for word in shlex.split(words))
    elif name == "WORKDIR":
        image.directory = words
        image.at(".").mkdir(parents=True, exist_ok=True)
    elif name == "USER":
        image.user = words
    elif name == "ENTRYPOINT":
        image.entrypoint = json.loads(words)
    elif name != "CMD":
        raise SystemExit(f"container: {name} is not known here")


def instructions(path: Path) -> Iterator[tuple[str, str]]:
    """Each instruction of a Dockerfile with its words, continued lines joined, remarks left out."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, words = line.strip().partition(" ")
        if name:
            yield name, " ".join(words.split()) if name != "RUN" else words.strip()


def copy(words: list[str], image: Image, stages: dict[str, Image]) -> None:
    """COPY SOURCE... TARGET, from the folder of the Dockerfile or, with --from, from another stage."""
    if words[0].startswith("--from="):
        source = stages[words[0].removeprefix("--from=")].at(words[1])
        shutil.copytree(source, image.at(words[2]), symlinks=True)
        return
    *sources, target = words
    for name in context():
        if not {".", name}.isdisjoint(sources):
            place = image.at(target) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place)


def context() -> Iterator[str]:
    """The files that docker would send: those of git that .dockerignore does not leave out, its last match deciding."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    for name in tracked():
        parts = name.split("/")
        places = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
        kept = True
        for pattern in patterns:
            bare = pattern.removeprefix("!").replace("**/", "*")
            if any(fnmatch.fnmatchcase(place, bare) and (bare != "*" or "/" not in place) for place in places):
                kept = pattern.startswith("!")
        if kept:
            yield name


def use(image: Image) -> None:
    """Use the image as docs/container.md says. Raises `SystemExit` where it does not answer."""
    if image.user in ("", "root", "0"):
        raise SystemExit("container: the image would run as root")
    work = image.at(".")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", work], check=True)
    subprocess.run(["git", "clone", "--quiet", f"file://{ROOT}", work], check=True)
    subprocess.run(["chown", "--recursive", STRANGER, work], check=True)
    for place in (work, image.root):
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    for arguments in (["examples/storefront/plan.json"], ["examples/storefront", "--compare-to", "HEAD"]):
        command = [*image.entrypoint, "check", *arguments, "--fail-on", "never"]
        said = image.run(command, user=STRANGER, before=("unshare", "--net"))
        if "TOTAL" not in said:
            raise SystemExit(said)
        print(shlex.join(command), said.splitlines()[-1].strip(), sep="\n  ")


if __name__ == "__main__":
    sys.exit(main())
