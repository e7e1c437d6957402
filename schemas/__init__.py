"""JSON Schema to Avro, the catalog, the registry, and the codec that holds events to their contract."""
