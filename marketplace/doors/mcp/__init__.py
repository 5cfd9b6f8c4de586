"""The MCP door: the market as tools of a language model."""
