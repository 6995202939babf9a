using KdRobust.Api.Hosting;
using KdRobust.Persistence.Keys;

namespace KdRobust.Api.Access;

/// <summary>The file through which whoever runs this service gets its first key.</summary>
static class KeyFile
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Leaves a valid admin key in the file: the one that is in it if this database knows it, else a new one. Whoever may
    /// write this file and name the database could write the row as well, so nothing is given away.
    /// </summary>
    /// <returns>True when a new key was made.</returns>
    public static async Task<bool> Ensure(ApiKeyStore keys, string file, string owner, CancellationToken cancellation)
    {
        try
        {
            if (File.Exists(file))
            {
                File.SetUnixFileMode(file, OwnerOnly);
                if (await keys.Find((await File.ReadAllTextAsync(file, cancellation)).Trim(), cancellation) is { Role: ApiKeyRole.Admin }) return false;
            }
            var key = ApiKeyStore.NewKey();
            await keys.Add(key, owner, ApiKeyRole.Admin, $"made at the first start of {Environment.MachineName}", cancellation);
            var aside = file + ".new";
            File.Delete(aside);
            await using (var stream = new FileStream(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            await using (var writer = new StreamWriter(stream))
                await writer.WriteLineAsync(key);
            File.Move(aside, file, overwrite: true);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"--key-file {file} cannot be written: {error.Message}", error);
        }
    }
}
