"""Plain functions of tensors."""
