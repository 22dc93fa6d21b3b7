"""A football match seen from a stand."""
