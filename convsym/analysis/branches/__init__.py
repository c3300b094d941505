"""Training and memory as formulas of models whose modules go different ways at different sizes, and are followed as one."""
