package jwttoken
