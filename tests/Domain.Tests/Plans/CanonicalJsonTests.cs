using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using KdRobust.Domain.Plans;

namespace KdRobust.Domain.Tests.Plans;

public sealed class CanonicalJsonTests
{
    [Fact]
    public void Order_of_fields_changes_nothing() =>
        Prop.ForAll(ArbMap.Default.ArbFor<Dictionary<NonEmptyString, int>>(), fields =>
        {
            var forward = new JsonObject(fields.Select(f => KeyValuePair.Create(f.Key.Get, (JsonNode?)JsonValue.Create(f.Value))));
            var backward = new JsonObject(fields.Reverse().Select(f => KeyValuePair.Create(f.Key.Get, (JsonNode?)JsonValue.Create(f.Value))));
            return CanonicalJson.Of(forward) == CanonicalJson.Of(backward);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nested_fields_are_sorted_too() =>
        CanonicalJson.Of(JsonNode.Parse("""{"b":[{"d":1,"c":null}],"a":"x"}""")).ShouldBe("""{"a":"x","b":[{"c":null,"d":1}]}""");

    [Fact]
    public void Another_value_has_another_hash() => CanonicalJson.Sha256Of(new { A = 1 }).ShouldNotBe(CanonicalJson.Sha256Of(new { A = 2 }));
}
