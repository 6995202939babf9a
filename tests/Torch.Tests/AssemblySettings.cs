// The default generator, the thread count, the count of live tensors and the memory in use belong to the process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
