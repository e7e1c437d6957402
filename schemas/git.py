"""What a git repository has: files at a revision, and the versions that a file went through."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from avrogate.errors import ConfigError


@dataclass(frozen=True)
class Repository:
    """A working tree under git, by its top folder."""

    top: Path

    def files(self, revision: str, folder: Path, *suffixes: str) -> dict[Path, bytes]:
        """The files below `folder` that end so, as they were at `revision`, by their path relative to it."""
        inside = self._inside(folder)
        listed = self._git("ls-tree", "-r", "-z", "--name-only", f"{revision}:{inside}" if inside else revision)
        names = [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name.endswith(suffixes)]
        return {Path(name): self.show(revision, folder / name) for name in names}

    def show(self, revision: str, file: Path) -> bytes:
        """The bytes of a file at a revision, which must have it."""
        return self._git("show", f"{revision}:{self._inside(file)}")

    def check_revision(self, revision: str) -> None:
        """Raise ConfigError if there is no such revision."""
        try:
            self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except ConfigError as error:
            raise ConfigError(
                f"git has no revision {revision!r}", "name a branch, tag or commit that this clone has"
            ) from error

    def has(self, revision: str, path: Path) -> bool:
        """Whether a revision has a file or folder."""
        inside = self._inside(path)
        return not inside or bool(self._git("ls-tree", revision, "--", inside))

    def history(self, file: Path) -> list[tuple[str, bytes]]:
        """The short id of each commit that changed a file, with its bytes from then; oldest first."""
        try:
            commits = self._git("log", "--format=%h", "--diff-filter=AM", "--", str(file)).decode().split()
        except ConfigError:
            if self._born():
                raise
            return []
        return [(commit, self.show(commit, file)) for commit in reversed(commits)]

    def _born(self) -> bool:
        """Whether there is a commit yet."""
        return bool(self._git("rev-list", "--all", "-n", "1"))

    def _inside(self, path: Path) -> str:
        inside = path.resolve().relative_to(self.top)
        return "" if inside == Path() else inside.as_posix()

    def _git(self, *arguments: str) -> bytes:
        return _git(self.top, *arguments)


def repository_of(folder: Path) -> Repository | None:
    """The repository that a folder lies in, or None. Raises ConfigError if there is no git."""
    try:
        top = _git(folder, "rev-parse", "--show-toplevel")
    except ConfigError as error:
        if error.hint or "dubious" in error.message:  # git is there, and refuses a folder of another user
            raise
        return None
    return Repository(Path(top.decode("utf-8", "surrogateescape").rstrip("\n")).resolve())


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise ConfigError("git is not installed", "install git, or leave --against out") from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise ConfigError(f"git {arguments[0]} failed: {reason[-1]}")
    return done.stdout
