"""Into the platform: the publisher that services import, the generator, and JSON Lines."""

from producers.publisher import Publisher

__all__ = ["Publisher"]
