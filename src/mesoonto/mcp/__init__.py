"""The knowledge base as tools for language models, by the Model Context Protocol (MCP)."""
