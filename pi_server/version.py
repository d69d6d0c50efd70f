"""The one place that names the version; packaging reads it too. Imports nothing: start-up reads it first."""

__version__ = "0.1.0"
