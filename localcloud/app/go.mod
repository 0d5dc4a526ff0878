module bluegreen.example/app

go 1.25
