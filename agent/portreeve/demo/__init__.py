"""Shows the main job on a container made for it, and cleans up: what ``install.sh --demo`` runs."""
