"""CodeDeploy and ECS' own deployment strategies, played: neither runs in the emulator.

What is played: the order of a deployment's stages, task sets, service revisions, failures and the way back.
What is real: the load balancer, its rules and its requests; the containers (an ECS service of the emulator for each
task set or revision); applications, deployment groups and tags, which the emulator keeps. Time is no part of it: each
look at a deployment brings it one stage further.
"""
