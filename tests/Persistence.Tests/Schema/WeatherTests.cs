using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Tests.Schema;

public sealed class WeatherTests
{
    [Theory]
    [InlineData("57P01", true)]
    [InlineData("08006", true)]
    [InlineData("40001", true)]
    [InlineData("25P03", true)]
    [InlineData("23505", false)]
    [InlineData("42P01", false)]
    [InlineData("28P01", false)]
    public void What_passes_by_itself_is_told_from_what_the_same_statement_would_meet_again(string state, bool weather) =>
        Database.IsWeather(new PostgresException("words", "FATAL", "FATAL", state)).ShouldBe(weather);

    [Fact]
    public void A_transaction_that_the_server_ended_because_it_stood_still_is_weather_also_inside_another_error() =>
        Database.IsWeather(new InvalidOperationException("retries", new PostgresException("terminating connection due to idle-in-transaction timeout", "FATAL", "FATAL", "25P03"))).ShouldBeTrue();

    [Fact]
    public void A_connection_that_broke_inside_the_driver_is_weather_and_a_pool_that_was_disposed_is_not()
    {
        Database.IsWeather(new ObjectDisposedException("System.Threading.ManualResetEventSlim")).ShouldBeTrue();
        Database.IsWeather(new ObjectDisposedException("Npgsql.PoolingDataSource")).ShouldBeFalse();
        Database.IsWeather(new InvalidOperationException("Connection is not open")).ShouldBeFalse("our own mistake, not the driver's");
    }
}
