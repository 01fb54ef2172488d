"""Operations: logging, health, metrics."""
