"""Raw prices as one value, what bars must satisfy, and adjusted levels."""
