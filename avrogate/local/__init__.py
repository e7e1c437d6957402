"""The local stack: a Kafka broker and a schema registry from pinned jars, without Docker or a JDK install."""
