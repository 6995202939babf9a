using KdRobust.Api.Access;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Host;
using KdRobust.Persistence.Keys;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Access;

public sealed class KeyFileTests(RunningApi api) : IClassFixture<RunningApi>, IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-keys-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string KeyFilePath => Path.Combine(folder, "key");

    [PostgresFact]
    public async Task A_second_start_keeps_the_key()
    {
        var keys = new ApiKeyStore(api.Database.DataSource);
        (await KeyFile.Ensure(keys, KeyFilePath, "admin", default)).ShouldBeTrue();
        var key = await File.ReadAllTextAsync(KeyFilePath);
        (await KeyFile.Ensure(keys, KeyFilePath, "admin", default)).ShouldBeFalse();
        (await File.ReadAllTextAsync(KeyFilePath)).ShouldBe(key);
    }

    [PostgresFact]
    public async Task A_key_of_another_database_is_replaced_and_a_file_open_to_others_is_closed()
    {
        var keys = new ApiKeyStore(api.Database.DataSource);
        var stranger = ApiKeyStore.NewKey();
        await File.WriteAllTextAsync(KeyFilePath, stranger);
        File.SetUnixFileMode(KeyFilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        (await KeyFile.Ensure(keys, KeyFilePath, "admin", default)).ShouldBeTrue();
        var key = (await File.ReadAllTextAsync(KeyFilePath)).Trim();
        key.ShouldNotBe(stranger);
        (await keys.Find(key))!.Role.ShouldBe(ApiKeyRole.Admin);
        File.GetUnixFileMode(KeyFilePath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [PostgresFact]
    public async Task A_file_that_cannot_be_written_is_named()
    {
        var nowhere = Path.Combine(folder, "missing", "key");
        var refused = await Should.ThrowAsync<StartRefusedException>(() => KeyFile.Ensure(new ApiKeyStore(api.Database.DataSource), nowhere, "admin", default));
        refused.Message.ShouldContain(nowhere);
    }
}
