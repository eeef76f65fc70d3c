"""The five dashboards, each in a module of its name."""

from deploy.grafana.board import Board
from deploy.grafana.boards import cases, clocks, messaging, notify, services

BOARDS: tuple[Board, ...] = (cases.BOARD, clocks.BOARD, messaging.BOARD, services.BOARD, notify.BOARD)
