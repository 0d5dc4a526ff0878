// Package kubernetes has what the plugin needs of Pulumi's Kubernetes SDK for Go, whose thousands of types it does not
// use and which takes longer to compile than all the rest.
package kubernetes

import "reflect"

// UntypedArgs are an object's fields as they are.
type UntypedArgs map[string]any

// ElementType is what the engine's SDK asks of inputs.
func (UntypedArgs) ElementType() reflect.Type {
	return reflect.TypeOf(map[string]any{})
}
