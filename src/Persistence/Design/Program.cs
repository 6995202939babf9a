Console.Error.WriteLine("This program only lets `dotnet ef` find the model: see Design.csproj.");
return 2;
