namespace KdRobust.Api.Tests.Hostile;

/// <summary>Tests that measure what this whole process allocates: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredAlone
{
    internal const string Name = "measured alone";
}
