"""mesoonto: resistance to immunotherapy in malignant pleural mesothelioma, as linked data."""

__version__ = "0.1.0"
