"""What HTTP and the pages' forms bring, and what HTTP answers."""
