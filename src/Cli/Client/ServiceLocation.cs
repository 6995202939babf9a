using KdRobust.Cli.Local;

namespace KdRobust.Cli.Client;

/// <summary>Which service is asked, and with which key.</summary>
/// <param name="Address">Its base address.</param>
/// <param name="Key">The API key.</param>
/// <param name="IsLocal">True for the one this checkout started.</param>
sealed record ServiceLocation(Uri Address, string Key, bool IsLocal)
{
    public const string ServerVariable = "KDR_SERVER", KeyVariable = "KDR_KEY";

    /// <summary>
    /// <paramref name="server"/> or <c>KDR_SERVER</c>, with <c>KDR_KEY</c>; else the local service of this checkout and the
    /// key in its file.
    /// </summary>
    /// <exception cref="CommandFailedException">There is none, or no key for it.</exception>
    public static ServiceLocation Find(LocalFolders folders, string? server, Func<string, string?> environment)
    {
        var named = server ?? Filled(environment(ServerVariable));
        var key = Filled(environment(KeyVariable));
        var local = ServiceRecord.Running(folders);
        if (named is null && local is null)
            throw new CommandFailedException(ExitCode.Unreachable, $"no service is running here: start one with ./kdr up, or name one by {ServerVariable} (and a key by {KeyVariable})");
        // What stands before an @ is a secret as a rule, and is not repeated.
        if (named?.Contains('@') == true)
            throw new CommandFailedException(ExitCode.Usage, $"the address of a service holds no user and no password: expected something like http://127.0.0.1:5080, and the key in {KeyVariable}");
        if (!Uri.TryCreate(named ?? local!.Address, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new CommandFailedException(ExitCode.Usage, $"'{named}' is not the address of a service: expected something like http://127.0.0.1:5080");
        var isLocal = local is not null && address == new Uri(local.Address);
        key ??= isLocal ? ReadKey(local!.KeyFile) : null;
        if (key is not null && !key.All(c => c is > ' ' and <= '~'))
            throw new CommandFailedException(ExitCode.NotAllowed, $"the key holds a space, a line break or a letter that no key has: expected kdr_ and 43 letters, digits, - and _ on one line, as ./kdr key add printed it, in {KeyVariable}");
        return new(address, key ?? throw new CommandFailedException(ExitCode.NotAllowed, $"there is no key for {address}: set {KeyVariable}"), isLocal);
    }

    static string ReadKey(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException(ExitCode.NotAllowed, $"the local service's key cannot be read ({error.Message}): run this as the user who started it, or set {KeyVariable}", error);
        }
    }

    static string? Filled(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
