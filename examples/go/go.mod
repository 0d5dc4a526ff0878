module web

go 1.25

require (
	example.com/pulumi-bluegreen/sdk/go v0.0.0
	github.com/pulumi/pulumi/sdk/v3 v3.276.0
)

replace example.com/pulumi-bluegreen/sdk/go => ./sdks/bluegreen
