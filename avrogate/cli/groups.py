"""A folder of commands: each file in it is one, or a group of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Container, Iterable

import typer


def group(package: str, path: Iterable[str], about: str) -> typer.Typer:
    """A group of commands that has every file of the package `package` in it."""
    app = typer.Typer(help=about, no_args_is_help=True)
    add_commands(app, package, path)
    return app


def add_commands(app: typer.Typer, package: str, path: Iterable[str], helpers: Container[str] = ()) -> None:
    """Add each file of a package, but for `helpers`: its `app` as a group, else its `command`, under its name."""
    for info in pkgutil.iter_modules(path):
        if info.name in helpers:
            continue
        module = importlib.import_module(f"{package}.{info.name}")
        name = info.name.replace("_", "-")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name=name)(module.command)
