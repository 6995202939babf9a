using KdRobust.Api.Events;

namespace KdRobust.Api.Tests.Events;

public sealed class EventCursorTests
{
    [Fact]
    public void What_is_written_is_read()
    {
        var cursor = EventCursor.Read(null, 3);
        cursor.Event(0) = 12;
        cursor.Event(2) = 7;
        cursor.Metric(1) = long.MaxValue;
        var again = EventCursor.Read(cursor.ToString(), 3);
        (again.Event(0), again.Event(1), again.Event(2)).ShouldBe((12, 0, 7));
        again.Metric(1).ShouldBe(long.MaxValue);
    }

    [Theory]
    [InlineData("1.2_3")]
    [InlineData("nonsense")]
    [InlineData("1.2.3.4_1.2.3.4")]
    [InlineData("1.-2.3_1.2.3")]
    public void An_id_of_other_topics_means_the_beginning(string id)
    {
        var cursor = EventCursor.Read(id, 3);
        (cursor.Event(0), cursor.Event(1), cursor.Event(2)).ShouldBe((0, 0, 0));
    }
}
