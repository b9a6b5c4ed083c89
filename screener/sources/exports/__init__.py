"""What people's terminals save, as a folder of prices: sheets, their heads, what each cell means, and what was understood."""
