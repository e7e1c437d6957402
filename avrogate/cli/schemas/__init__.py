"""`avrogate schemas`: deriving, checking, registering and looking at schemas. Each file here is a command."""

from avrogate.cli.groups import group

app = group(__name__, __path__, "Derive, check, register and show schemas.")
