"""64 swaps at once beside one, through the real Pulumi, of a load balancer in memory."""
