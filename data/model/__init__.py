"""Records: frozen, validated values, each field stated once. Tables inherit them; every room speaks in them."""
