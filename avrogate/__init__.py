"""Avrogate's command line, settings, errors and the local stack."""
