"""Figures for Prometheus and a health check, on a port of this machine alone."""

from jeeves.adapters.metrics.meter import PrometheusMeter
from jeeves.adapters.metrics.server import MetricsServer

__all__ = ["MetricsServer", "PrometheusMeter"]
