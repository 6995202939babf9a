using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Keys;

public sealed class ApiKeyStoreTests(MigratedDatabase database) : IClassFixture<MigratedDatabase>
{
    [PostgresFact]
    public async Task Key_is_known_until_it_is_revoked_and_never_stored()
    {
        var keys = new ApiKeyStore(database.Database.DataSource);
        var key = ApiKeyStore.NewKey();
        await keys.Add(key, "ada", ApiKeyRole.Submitter, "laptop");
        await keys.Add(key, "ada", ApiKeyRole.Admin, "a second time changes nothing");
        var found = await keys.Find(key);
        found!.Owner.ShouldBe("ada");
        found.Role.ShouldBe(ApiKeyRole.Submitter);
        (await database.Database.Scalar<bool>($"SELECT bool_or(row_to_json(api_key)::text LIKE '%{key[4..]}%') FROM api_key")).ShouldBeFalse();

        (await keys.Find(ApiKeyStore.NewKey())).ShouldBeNull();
        (await keys.Revoke(found.Id)).ShouldBeTrue();
        (await keys.Find(key)).ShouldBeNull();
        (await keys.Revoke(found.Id)).ShouldBeFalse();
        (await keys.List(null, null, 10)).ShouldHaveSingleItem().RevokedAt.ShouldNotBeNull();
    }

    [PostgresFact]
    public async Task What_is_no_key_is_refused()
    {
        var keys = new ApiKeyStore(database.Database.DataSource);
        await Should.ThrowAsync<ArgumentException>(() => keys.Add("hunter2", "ada", ApiKeyRole.Admin, ""));
        (await keys.Find("kdr_short")).ShouldBeNull();
    }
}
