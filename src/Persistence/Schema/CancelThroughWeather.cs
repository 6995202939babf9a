namespace KdRobust.Persistence.Schema;

/// <summary>
/// Cancelling while statements run. A connection that breaks in that very moment leaves the driver nothing to cancel, and it says so
/// by throwing out of its callback: through the one who cancels, who has done nothing wrong, and on a timer through the whole
/// program. Every statement that was waiting ends all the same.
/// </summary>
public static class CancelThroughWeather
{
    /// <summary>Cancels, and waits for the callbacks.</summary>
    /// <exception cref="AggregateException">A callback failed for another reason than weather (<see cref="Database.IsWeather"/>); all others ran.</exception>
    public static async Task CancelThroughWeatherAsync(this CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync();
        }
        catch (AggregateException error) when (OnlyWeather(error))
        {
        }
    }

    /// <inheritdoc cref="CancelThroughWeatherAsync"/>
    public static void CancelThroughWeatherNow(this CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException error) when (OnlyWeather(error))
        {
        }
    }

    static bool OnlyWeather(AggregateException error) => error.Flatten().InnerExceptions.All(Database.IsWeather);
}
