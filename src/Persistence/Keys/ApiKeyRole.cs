namespace KdRobust.Persistence.Keys;

/// <summary>What a key may do; each role may do what the ones before it may.</summary>
public enum ApiKeyRole
{
    /// <summary>Read the owner's experiments.</summary>
    Reader,
    /// <summary>Submit and cancel the owner's experiments.</summary>
    Submitter,
    /// <summary>Everything, for every owner.</summary>
    Admin,
}
